package ctrl

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// deadline bounds every call but Watch, Plan and Physical.
const deadline = 20 * time.Second

// httpPeer reaches a satellite over HTTP or, with mutual certificates, HTTPS.
type httpPeer struct {
	base   string
	client *http.Client
}

// DialHTTP makes peers over the network; tlsConfig is for interfaces of type SSL.
func DialHTTP(tlsConfig *tls.Config) func(*model.Node) (link.Peer, error) {
	return func(n *model.Node) (link.Peer, error) {
		i, ok := n.SatelliteAddress()
		if !ok {
			return nil, errors.New("the node has no satellite connection; set one with 'node interface modify --active'")
		}
		scheme := "http"
		tr := &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute,
			DialContext: (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 5 * time.Second}).DialContext}
		if i.Encryption == "SSL" {
			if tlsConfig == nil {
				return nil, errors.New("the node's connection is of type SSL, but this controller has no certificate for satellites")
			}
			scheme, tr.TLSClientConfig = "https", tlsConfig
		}
		host := net.JoinHostPort(i.Address, strconv.Itoa(i.Port))
		return &httpPeer{base: scheme + "://" + host, client: &http.Client{Transport: tr}}, nil
	}
}

func (p *httpPeer) Close() { p.client.CloseIdleConnections() }

func (p *httpPeer) send(ctx context.Context, path string, in any) (*http.Response, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("encode the message: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	r := &link.Refused{}
	data, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil || json.Unmarshal(data, &r.Refusal) != nil || r.Problem.Message == "" {
		return nil, fmt.Errorf("%s does not answer as a satellite: HTTP status %d", p.base, resp.StatusCode)
	}
	return nil, r
}

func ask[Out any](ctx context.Context, p *httpPeer, path string, in any, limit time.Duration) (Out, error) {
	var out Out
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	resp, err := p.send(ctx, path, in)
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return out, fmt.Errorf("read the satellite's answer: %w", err)
	}
	return out, nil
}

func (p *httpPeer) Hello(ctx context.Context, h wire.Hello) (wire.Welcome, error) {
	return ask[wire.Welcome](ctx, p, wire.PathHello, h, deadline)
}

func (p *httpPeer) Apply(ctx context.Context, set wire.Set) (wire.Applied, error) {
	return ask[wire.Applied](ctx, p, wire.PathApply, set, deadline)
}

func (p *httpPeer) Ping(ctx context.Context, f wire.Fence) error {
	_, err := ask[struct{}](ctx, p, wire.PathPing, f, pingTimeout)
	return err
}

func (p *httpPeer) Plan(ctx context.Context, req wire.PlanRequest) (wire.PlanAnswer, error) {
	return ask[wire.PlanAnswer](ctx, p, wire.PathPlan, req, 0)
}

func (p *httpPeer) Physical(ctx context.Context, req wire.PhysicalRequest) (wire.PhysicalAnswer, error) {
	return ask[wire.PhysicalAnswer](ctx, p, wire.PathPhysical, req, 0)
}

func (p *httpPeer) Inspect(ctx context.Context, req wire.InspectRequest) (wire.InspectAnswer, error) {
	return ask[wire.InspectAnswer](ctx, p, wire.PathInspect, req, deadline)
}

func (p *httpPeer) LogLevel(ctx context.Context, req wire.LogLevelRequest) (wire.LogLevelAnswer, error) {
	return ask[wire.LogLevelAnswer](ctx, p, wire.PathLogLevel, req, deadline)
}

func (p *httpPeer) Watch(ctx context.Context, f wire.Fence, tell func(wire.Report)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	resp, err := p.send(ctx, wire.PathWatch, f)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	dec := json.NewDecoder(resp.Body)
	// A satellite that falls silent is gone, even if the connection stands.
	silence := time.AfterFunc(silenceLimit, cancel)
	defer silence.Stop()
	for {
		var rep wire.Report
		if err := dec.Decode(&rep); err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("the satellite was silent for %s", silenceLimit)
			}
			return fmt.Errorf("the satellite closed the connection: %w", err)
		}
		silence.Reset(silenceLimit)
		tell(rep)
	}
}
