package rest

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// levelTime bounds how long a satellite may take to change its log level.
const levelTime = 5 * time.Second

// settings is the configuration with the log level that holds now.
func (s *Server) settings() v1.ControllerConfig {
	out := s.cfg.Settings
	if s.cfg.LogLevel != nil {
		log := v1.ControllerConfigLog{}
		if out.Log != nil {
			log = *out.Log
		}
		log.Level, log.LevelLinstor = s.cfg.LogLevel(), s.cfg.LogLevel()
		out.Log = &log
	}
	return out
}

// wantedLevel checks that exactly one level is given and is known.
func wantedLevel(given ...v1.LogLevel) (v1.LogLevel, error) {
	var level v1.LogLevel
	for _, l := range given {
		switch {
		case l == "" || l == level:
		case level != "":
			return "", fault.New(v1.FailInvalidRequest, "Two log levels were given, %s and %s.", level, l).
				Because("there is one level for a whole program").Fix("Give one of them.")
		default:
			level = l
		}
	}
	switch level {
	case v1.LogLevelError, v1.LogLevelWarn, v1.LogLevelInfo, v1.LogLevelDebug, v1.LogLevelTrace:
		return level, nil
	}
	return "", fault.New(v1.FailInvalidRequest, "Only the log level can be changed while the program runs.").
		Because("field 'log.level' is missing or unknown").Fix("Use ERROR, WARN, INFO, DEBUG or TRACE.")
}

func (s *Server) putConfig(w http.ResponseWriter, r *http.Request) {
	const mask = v1.MaskControllerConfig | v1.MaskModify
	var in v1.ControllerConfig
	if err := decode(r, &in, false); err != nil {
		s.fail(w, r, err, mask)
		return
	}
	log := v1.ControllerConfigLog{}
	if in.Log != nil {
		log = *in.Log
	}
	level, err := wantedLevel(log.Level, log.LevelLinstor, log.LevelGlobal, log.LevelLinstorGlobal)
	if err != nil {
		s.fail(w, r, err, mask)
		return
	}
	rcs := []v1.ApiCallRc{object.Info(v1.Modified, "Log level set to "+string(level)+".")}
	if !dryRun(r) {
		s.cfg.SetLogLevel(level)
		if log.LevelGlobal != "" || log.LevelLinstorGlobal != "" {
			rcs = append(rcs, s.everySatellite(r.Context(), level)...)
		}
	}
	if dryRun(r) {
		s.done(w, r, mask, rcs[0])
		return
	}
	s.answer(w, http.StatusOK, mask, rcs)
}

// everySatellite sets the level of all satellites at once; one that cannot be reached
// is warned of, the others have it.
func (s *Server) everySatellite(ctx context.Context, level v1.LogLevel) []v1.ApiCallRc {
	var names []string
	for n := range s.cfg.Engine.World().Nodes.All {
		if n.Type.HasSatellite() {
			names = append(names, n.Name)
		}
	}
	out := make([]v1.ApiCallRc, len(names))
	var wg sync.WaitGroup
	for i, n := range names {
		wg.Go(func() {
			refs := map[string]string{"Node": n}
			out[i] = v1.ApiCallRc{RetCode: v1.Modified, Message: "Log level of satellite '" + n + "' set to " + string(level) + ".", ObjRefs: refs}
			if _, err := s.satelliteLevel(ctx, n, level); err != nil {
				rc := v1.ApiCallRc{Message: err.Error()}
				if f := (&fault.Fault{}); errors.As(err, &f) {
					rc = f.RC()
				}
				rc.Message = "Node '" + n + "': " + rc.Message
				rc.RetCode, rc.ObjRefs = v1.WarnNotConnected, refs
				out[i] = rc
			}
		})
	}
	wg.Wait()
	return out
}

// satelliteLevel sets the level of one satellite and answers the one that holds then;
// an empty level only asks.
func (s *Server) satelliteLevel(ctx context.Context, node string, level v1.LogLevel) (v1.LogLevel, error) {
	peer, ok := s.cfg.Satellites.Peer(node)
	if !ok {
		return "", offline(s.cfg.Engine.World(), node)
	}
	ctx, cancel := context.WithTimeout(ctx, levelTime)
	defer cancel()
	a, err := peer.LogLevel(ctx, wire.LogLevelRequest{Fence: s.cfg.Satellites.Fence(), Level: level})
	if err != nil {
		return "", satelliteFault(node, err)
	}
	return a.Level, nil
}

func (s *Server) nodeConfig(r *http.Request) (any, error) {
	n, err := s.node(r)
	if err != nil {
		return nil, err
	}
	i, _ := n.SatelliteAddress()
	if !show.Online(s.cfg.Engine.World(), n.Name) {
		return nil, offline(s.cfg.Engine.World(), n.Name)
	}
	out := v1.SatelliteConfig{StltOverrideNodeName: n.Name, Net: &v1.SatelliteConfigNet{BindAddress: i.Address, Port: int32(i.Port), ComType: i.Encryption}}
	// A satellite of the version before does not tell; the rest is shown all the same.
	if level, err := s.satelliteLevel(r.Context(), n.Name, ""); err == nil {
		out.Log = &v1.SatelliteConfigLog{Level: level, LevelLinstor: level}
	}
	return out, nil
}

func (s *Server) putNodeConfig(w http.ResponseWriter, r *http.Request) {
	const mask = v1.MaskNode | v1.MaskModify
	rc, err := s.changeNodeConfig(r)
	if err != nil {
		s.fail(w, r, err, mask)
		return
	}
	s.done(w, r, mask, rc)
}

func (s *Server) changeNodeConfig(r *http.Request) (v1.ApiCallRc, error) {
	n, err := s.node(r)
	if err != nil {
		return v1.ApiCallRc{}, err
	}
	var in v1.SatelliteConfig
	if err := decode(r, &in, false); err != nil {
		return v1.ApiCallRc{}, err
	}
	log := v1.SatelliteConfigLog{}
	if in.Log != nil {
		log = *in.Log
	}
	level, err := wantedLevel(log.Level, log.LevelLinstor)
	if err != nil {
		return v1.ApiCallRc{}, err
	}
	rc := v1.ApiCallRc{RetCode: v1.Modified, Message: "Log level of satellite '" + n.Name + "' set to " + string(level) + ".",
		ObjRefs: map[string]string{"Node": n.Name}}
	if dryRun(r) {
		return rc, nil
	}
	_, err = s.satelliteLevel(r.Context(), n.Name, level)
	return rc, err
}
