// Package client is the public Go client of the REST API.
//
//	c, err := client.New(client.Config{Controllers: []string{"linstor://ctrl1,ctrl2"}})
//	nodes, err := c.Nodes.List(ctx, client.Filter("nodes", "alpha"))
//	reply, err := c.ResourceDefinitions.Delete(ctx, "db", client.DryRun())
//
// Each kind of object has a service with one method per endpoint. Methods that
// read give the decoded objects; methods that change something give a Reply with
// the controller's messages, or, with DryRun, the Plan of what would be done.
// An answer that says error becomes an *APIError, a controller that cannot be
// reached a *ConnectError, which lists what each controller said.
//
// With several controllers the first one that answers is used, and kept. A call
// that may already have reached a controller is repeated on another one only if
// it reads.
//
// Invariant: the package imports nothing but the standard library and api/v1, and
// never writes a password or token into an error or a log.
package client
