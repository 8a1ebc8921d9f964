// Package link is the wire between controller and satellite: Peer is what a
// controller can ask of a satellite, sat serves it over HTTP, ctrl keeps a session
// with every node. In one process both ends can be joined without a socket.
package link

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
)

// Peer is a satellite as its controller sees it.
type Peer interface {
	// Hello opens a session; a refusal is a *Refused.
	Hello(ctx context.Context, h link.Hello) (link.Welcome, error)
	// Apply hands over what the node shall have.
	Apply(ctx context.Context, set link.Set) (link.Applied, error)
	// Watch calls tell for every report, everything first, until the context ends
	// or the connection breaks. Heartbeats come at least every two seconds.
	Watch(ctx context.Context, fence link.Fence, tell func(link.Report)) error
	// Ping tells the satellite that its controller is alive.
	Ping(ctx context.Context, fence link.Fence) error
	// Plan asks what would be done for a set.
	Plan(ctx context.Context, req link.PlanRequest) (link.PlanAnswer, error)
	// Physical lists unused devices, or makes a device pool.
	Physical(ctx context.Context, req link.PhysicalRequest) (link.PhysicalAnswer, error)
	// Inspect reads what DRBD on the node knows of a resource; it changes nothing.
	Inspect(ctx context.Context, req link.InspectRequest) (link.InspectAnswer, error)
	// LogLevel sets how much the satellite logs, or only asks.
	LogLevel(ctx context.Context, req link.LogLevelRequest) (link.LogLevelAnswer, error)
	// Close drops the connection.
	Close()
}

// Refused is a satellite's clear no.
type Refused struct {
	link.Refusal
}

// Error is the refusal's message with its cause.
func (r *Refused) Error() string {
	if r.Problem.Cause != "" {
		return r.Problem.Message + " (" + r.Problem.Cause + ")"
	}
	return r.Problem.Message
}

// Refuse makes a refusal.
func Refuse(state string, rc v1.ApiCallRc) *Refused {
	return &Refused{link.Refusal{Problem: rc, State: state}}
}
