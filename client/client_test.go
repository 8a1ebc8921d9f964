package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
)

// serve starts a controller that remembers its requests.
func serve(t *testing.T, status int, body string) (*client.Client, *[]string) {
	t.Helper()
	var seen []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		seen = append(seen, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(b)))
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(srv.Close)
	return connect(t, client.Config{Controllers: []string{srv.URL}}), &seen
}

func connect(t *testing.T, cfg client.Config) *client.Client {
	t.Helper()
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestParseEndpoint(t *testing.T) {
	for in, want := range map[string]string{
		"ctrl": "linstor://ctrl:3370", "ctrl:80": "linstor://ctrl:80", "linstor://ctrl": "linstor://ctrl:3370",
		"linstor+ssl://ctrl": "linstor+ssl://ctrl:3371", "https://ctrl:1": "linstor+ssl://ctrl:1", "http://ctrl/": "linstor://ctrl:3370",
		"[fd00::1]": "linstor://[fd00::1]:3370", "linstor://[fd00::1]:5": "linstor://[fd00::1]:5", "fd00::1": "linstor://[fd00::1]:3370",
	} {
		if got, err := client.ParseEndpoint(in); err != nil || got.String() != want {
			t.Errorf("ParseEndpoint(%q) = %v, %v, want %s", in, got, err, want)
		}
	}
	for _, bad := range []string{"ftp://x", "http://", "ctrl:port:", "ctrl:x", "http://a/path", "http://user:pw@host"} {
		if got, err := client.ParseEndpoint(bad); err == nil {
			t.Errorf("ParseEndpoint(%q) = %v, want an error", bad, got)
		} else if strings.Contains(err.Error(), "pw") {
			t.Errorf("the error for %q shows the password: %v", bad, err)
		}
	}
}

func TestRequests(t *testing.T) {
	ctx := context.Background()
	c, seen := serve(t, 200, `[]`)
	calls := []error{
		second(c.Nodes.List(ctx, client.Filter("nodes", "a", "b c"), client.Page(0, 0))),
		second(c.Files.Delete(ctx, "/etc/x y")),
		second(c.Remotes.Delete(ctx, "r")),
		second(c.Encryption.Enter(ctx, "pw")),
		second(c.Resources.ToggleDiskful(ctx, "r", "n", "pool")),
		second(c.Resources.Delete(ctx, "r", "n", client.KeepTieBreaker(), client.Wait(false))),
		second(c.StoragePools.Create(ctx, "n", v1.StoragePool{StoragePoolName: "p", ProviderKind: v1.ProviderKindLvm})),
	}
	if err := errors.Join(calls...); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"GET /v1/nodes?limit=0&nodes=a&nodes=b+c&offset=0",
		"DELETE /v1/files/%2Fetc%2Fx%20y",
		"DELETE /v1/remotes?remote_name=r",
		`PATCH /v1/encryption/passphrase "pw"`,
		"PUT /v1/resource-definitions/r/resources/n/toggle-disk/diskful/pool",
		"DELETE /v1/resource-definitions/r/resources/n?keep_tiebreaker=True&wait=false",
		`POST /v1/nodes/n/storage-pools {"storage_pool_name":"p","provider_kind":"LVM"}`,
	}
	if d := cmp.Diff(want, *seen); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func second[T any](_ T, err error) error { return err }

func TestAPIError(t *testing.T) {
	ctx := context.Background()
	body := `[{"ret_code":1,"message":"fine"},{"ret_code":-4611686018427387604,"message":"node 'x' does not exist"}]`
	for _, status := range []int{404, 200} {
		c, _ := serve(t, status, body)
		_, err := c.Nodes.Delete(ctx, "x")
		var api *client.APIError
		if !errors.As(err, &api) || len(api.RCs) != 2 || api.Error() != "node 'x' does not exist" {
			t.Fatalf("status %d: error %#v", status, err)
		}
		if client.IsNotFound(err) != (status == 404) || !client.HasCode(err, v1.FailNotFoundNode) {
			t.Errorf("status %d: IsNotFound %v", status, client.IsNotFound(err))
		}
	}
	c, _ := serve(t, 502, "<html>bad gateway</html>")
	if _, err := c.Nodes.List(ctx); err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("an answer that is not JSON gives %v", err)
	}
}

func TestDryRun(t *testing.T) {
	c, seen := serve(t, 200, `{"messages":[{"ret_code":1,"message":"m"}],"changes":[{"object":"node","name":"x","action":"destroy"}]}`)
	r, err := c.Nodes.Delete(context.Background(), "x", client.DryRun())
	if err != nil || r.Plan == nil || r.Plan.Changes[0].Action != v1.PlanActionDestroy || len(r.RCs) != 1 {
		t.Fatalf("reply %+v, error %v", r, err)
	}
	if (*seen)[0] != "DELETE /v1/nodes/x?dry_run=true" {
		t.Errorf("sent %q", *seen)
	}
	old, _ := serve(t, 200, `[{"ret_code":1,"message":"deleted"}]`)
	if _, err := old.Nodes.Delete(context.Background(), "x", client.DryRun()); err == nil {
		t.Error("a controller that ignores the dry run must not look like a plan")
	}
}

// closed is an address where nothing listens.
func closed(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestFailover(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `[]`) }))
	defer srv.Close()
	c := connect(t, client.Config{Controllers: []string{closed(t), srv.URL}})
	if _, err := c.Nodes.Delete(context.Background(), "x"); err != nil {
		t.Fatal(err)
	}
	if got := c.Endpoint().BaseURL(); got != srv.URL {
		t.Errorf("the controller in use is %s, want %s", got, srv.URL)
	}
	none := connect(t, client.Config{Controllers: []string{closed(t), closed(t)}})
	_, err := none.Nodes.List(context.Background())
	var all *client.ConnectError
	if !errors.As(err, &all) || len(all.Attempts) != 2 {
		t.Errorf("error %v must name both controllers", err)
	}
}

// TestChangeIsNotRepeated: a change that may have reached a controller must not be
// made again on another one.
func TestChangeIsNotRepeated(t *testing.T) {
	reset := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
	}))
	defer reset.Close()
	hits := 0
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { hits++; fmt.Fprint(w, `[]`) }))
	defer other.Close()
	c := connect(t, client.Config{Controllers: []string{reset.URL, other.URL}})
	if _, err := c.Nodes.Create(context.Background(), v1.Node{Name: "n"}); err == nil || hits != 0 {
		t.Errorf("error %v, %d requests at the other controller", err, hits)
	}
	if _, err := c.Nodes.List(context.Background()); err != nil || hits != 1 {
		t.Errorf("a read goes to the other controller: error %v, hits %d", err, hits)
	}
}

func TestRedirectToTLS(t *testing.T) {
	auth := ""
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth = r.Header.Get("Authorization")
		fmt.Fprint(w, `[]`)
	}))
	defer secure.Close()
	plainAuth := ""
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		plainAuth += r.Header.Get("Authorization")
		http.Redirect(w, r, secure.URL+r.URL.Path, http.StatusFound)
	}))
	defer plain.Close()
	c := connect(t, client.Config{Controllers: []string{plain.URL}, User: "u", Password: "secret", TLS: secure.Client().Transport.(*http.Transport).TLSClientConfig})
	if _, err := c.Nodes.List(context.Background()); err != nil {
		t.Fatal(err)
	}
	if plainAuth != "" || auth == "" || !c.Endpoint().TLS {
		t.Errorf("plain saw %q, TLS saw %q, endpoint %s", plainAuth, auth, c.Endpoint())
	}
}

func TestPasswordNeedsTLS(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `[]`) }))
	defer srv.Close()
	c := connect(t, client.Config{Controllers: []string{srv.URL}, User: "u", Password: "secret"})
	if _, err := c.Nodes.List(context.Background()); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
	c = connect(t, client.Config{Controllers: []string{srv.URL}, User: "u", Password: "secret", AllowInsecureAuth: true})
	if _, err := c.Nodes.List(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestTimeout(t *testing.T) {
	stop := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-stop:
		}
	}))
	defer srv.Close()
	defer close(stop)
	c := connect(t, client.Config{Controllers: []string{srv.URL}})
	_, err := c.Nodes.List(context.Background(), client.Timeout(20*time.Millisecond))
	if _, ok := errors.AsType[*client.TimeoutError](err); !ok {
		t.Errorf("error %v is no time-out", err)
	}
}

func TestEvents(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Last-Event-ID") == "current" {
			fmt.Fprint(w, "event: may-promote-change\nid: 1\ndata: {\"resource_name\":\"r\",\"may_promote\":true}\n\n: ping\n\n")
			return
		}
		fmt.Fprint(w, "event: node-modified\r\ndata: {\"old_node\":{\"name\":\"a\"},\"new_node\":{\"name\":\"b\"}}\r\n\r\nevent: node-create\ndata: {\"node\":{\"name\":\"c\"}}\n\nevent: node-delete\ndata: {\"name\":\"d\"}\n\n")
	}))
	defer srv.Close()
	c := connect(t, client.Config{Controllers: []string{srv.URL}})
	var got []string
	for e, err := range c.Events.Promotion(context.Background(), true) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(e.ResourceName, e.MayPromote))
	}
	for e, err := range c.Events.Nodes(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Kind+" "+e.Node.Name)
	}
	if d := cmp.Diff([]string{"rtrue", "node-modified b", "node-create c", "node-delete d"}, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}
