package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/serve/controller"
	"github.com/holdfast-storage/holdfast/internal/store"
)

// Running is one run of a controller.
type Running struct {
	ctl *controller.Controller
	// calls ends the API calls that are being served, before the controller stops.
	calls context.Context
	hang  context.CancelFunc
	stop  context.CancelFunc
	done  chan struct{}
}

// StartController starts the controller. It waits while another one holds the
// database.
func (c *Cluster) StartController() {
	ctx, stop := context.WithCancel(context.Background())
	// A lease runs out within seconds; whoever waits longer waits for ever.
	limit := time.AfterFunc(10*time.Minute, stop)
	defer limit.Stop()
	ctl, err := controller.New(ctx, controller.Config{Open: func(context.Context) (store.Store, error) { return c.open(), nil }, Wait: 30 * time.Second, Log: c.log,
		Version: v1.ControllerVersion{Version: "test", RestAPIVersion: "1.28.0"}, Dial: c.dial})
	if err != nil {
		stop()
		c.tb.Fatalf("start the controller: %v", err)
	}
	r := &Running{ctl: ctl, stop: stop, done: make(chan struct{})}
	r.calls, r.hang = context.WithCancel(ctx)
	if c.Started != nil {
		c.Started(ctl)
	}
	c.mu.Lock()
	c.now = r
	c.mu.Unlock()
	go func() {
		defer close(r.done)
		_ = ctl.Run(ctx)
	}()
}

// Release leaves the controller running, but no longer as the cluster's one, so
// that another can be started next to it.
func (c *Cluster) Release() *Running {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.now
	c.now = nil
	return r
}

// StopController stops the controller in an orderly way.
func (c *Cluster) StopController() {
	if r := c.Release(); r != nil {
		r.Stop()
	}
}

// Stop stops this run in an orderly way.
func (r *Running) Stop() {
	r.hang()
	r.stop()
	<-r.done
}

// Controller is the controller of this run.
func (r *Running) Controller() *controller.Controller { return r.ctl }

// Controller is the running controller, nil for none.
func (c *Cluster) Controller() *controller.Controller {
	if r := c.running(); r != nil {
		return r.ctl
	}
	return nil
}

func (c *Cluster) running() *Running {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Call runs one API call and answers status and body; without a controller it is
// refused as unavailable.
func (c *Cluster) Call(method, path string, body any) (int, []byte) {
	if r := c.running(); r != nil {
		return r.Call(method, path, body)
	}
	return http.StatusServiceUnavailable, nil
}

// Call runs one API call on this controller.
func (r *Running) Call(method, path string, body any) (int, []byte) {
	var in bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&in).Encode(body); err != nil {
			panic(fmt.Sprintf("encode the body of %s %s: %v", method, path, err))
		}
	}
	req, err := http.NewRequestWithContext(r.calls, method, path, &in)
	if err != nil {
		panic(fmt.Sprintf("make the request %s %s: %v", method, path, err))
	}
	if body == nil {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	// As a server shows it; httptest would write the request down and read it again.
	req.RequestURI, req.RemoteAddr = path, "192.0.2.1:1234"
	w := httptest.NewRecorder()
	r.ctl.API().ServeHTTP(w, req)
	return w.Code, w.Body.Bytes()
}
