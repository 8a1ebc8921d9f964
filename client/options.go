package client

import (
	"net/url"
	"strconv"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// Option changes one call.
type Option func(*call)

type call struct {
	query   url.Values
	header  map[string]string
	dryRun  bool
	raw     *[]byte
	timeout time.Duration
}

// DryRun asks for the Plan of a change; nothing is changed.
func DryRun() Option {
	return func(c *call) {
		c.dryRun = true
		c.query.Set("dry_run", "true")
	}
}

// Wait asks to answer a change only when it has been applied everywhere (true)
// or as soon as it has been accepted (false). Without it the controller decides.
func Wait(wait bool) Option { return Query("wait", strconv.FormatBool(wait)) }

// Query sets a query parameter; several values repeat it.
func Query(key string, values ...string) Option {
	return func(c *call) {
		c.query.Del(key)
		for _, v := range values {
			c.query.Add(key, v)
		}
	}
}

// Filter limits a list to the given names, such as Filter("nodes", "a", "b"). No
// name means no limit.
func Filter(key string, values ...string) Option {
	return func(c *call) {
		for _, v := range values {
			c.query.Add(key, v)
		}
	}
}

// Page asks for a part of a list; a limit of 0 is no limit.
func Page(offset, limit int) Option {
	return func(c *call) {
		c.query.Set("offset", strconv.Itoa(offset))
		c.query.Set("limit", strconv.Itoa(limit))
	}
}

// Cached asks for the last known free space instead of asking the nodes.
func Cached() Option { return Query("cached", "true") }

// WithVolumeDefinitions asks a list of resource definitions to have their volume
// definitions in it.
func WithVolumeDefinitions() Option { return Query("with_volume_definitions", "true") }

// KeepTieBreaker makes the deletion of a resource keep it as a tiebreaker.
func KeepTieBreaker() Option { return Query("keep_tiebreaker", "True") }

// Raw stores the answer's body as it came.
func Raw(dst *[]byte) Option { return func(c *call) { c.raw = dst } }

// Timeout sets the limit of this call.
func Timeout(d time.Duration) Option { return func(c *call) { c.timeout = d } }

func header(key, value string) Option {
	return func(c *call) { c.header[key] = value }
}

// Reply is the answer of a change.
type Reply struct {
	Status int
	// RCs are the controller's messages.
	RCs []v1.ApiCallRc
	// Plan is set for a dry run, and RCs are then its messages.
	Plan *v1.Plan
	// Raw is the answer's body as it came.
	Raw []byte
}

// Ref is the first value of an object reference in the messages, such as
// Ref("RscDfn").
func (r *Reply) Ref(key string) string {
	for _, rc := range r.RCs {
		if v, ok := rc.ObjRefs[key]; ok {
			return v
		}
	}
	return ""
}
