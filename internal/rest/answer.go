package rest

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/engine"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

func (s *Server) write(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		s.cfg.Log.Error("encode an answer", "err", err)
		http.Error(w, `[{"ret_code":-4611686018427386906,"message":"The answer could not be encoded."}]`, http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n'))
}

// answer writes the entries of a mutating call.
func (s *Server) answer(w http.ResponseWriter, success int, mask v1.Code, rcs []v1.ApiCallRc) {
	status := success
	now := s.cfg.Now().UTC()
	for i := range rcs {
		if rcs[i].RetCode.IsError() && status == success {
			status = fault.StatusOf(rcs[i].RetCode)
		}
		rcs[i].RetCode = masked(rcs[i].RetCode, mask)
		if rcs[i].CreatedAt == nil {
			rcs[i].CreatedAt = &now
		}
	}
	if rcs == nil {
		rcs = []v1.ApiCallRc{}
	}
	s.write(w, status, rcs)
}

func masked(c, mask v1.Code) v1.Code {
	if c == v1.UnknownAPICall || c == v1.APICallParseError || c == v1.APICallAuthRequest {
		return c
	}
	return c.With(mask&v1.MaskBitsOp, mask&v1.MaskBitsObj)
}

// fail writes an error. What is no fault is unexpected: it becomes an error report.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error, mask v1.Code) {
	if r.Context().Err() != nil && errors.Is(err, r.Context().Err()) {
		// The client has gone; nobody reads an answer, and nothing is wrong here.
		return
	}
	status := http.StatusInternalServerError
	if f, ok := fault.As(err); ok {
		status = f.HTTPStatus()
	}
	s.write(w, status, []v1.ApiCallRc{s.entry(r, err, mask)})
}

// entry is an error as an entry of an answer.
func (s *Server) entry(r *http.Request, err error, mask v1.Code) v1.ApiCallRc {
	var rc v1.ApiCallRc
	if f, ok := fault.As(err); ok {
		rc = f.RC()
	} else {
		rc = s.reported(r, err)
	}
	rc.RetCode = masked(rc.RetCode, mask)
	now := s.cfg.Now().UTC()
	rc.CreatedAt = &now
	return rc
}

func (s *Server) reported(r *http.Request, err error) v1.ApiCallRc {
	stack := ""
	if p, ok := errors.AsType[*engine.PanicError](err); ok {
		stack = p.Stack
	}
	id := s.cfg.Reports.Add(r.Method+" "+r.URL.Path, r.RemoteAddr, err, stack)
	s.cfg.Log.Error("call failed unexpectedly", "op", r.Method+" "+r.URL.Path, "err", err, "report", id)
	return v1.ApiCallRc{RetCode: v1.FailUnknownError, Message: "An unexpected error happened; nothing is known to be changed.",
		Cause: err.Error(), Correction: "See the error report, and tell the developers.", ErrorReportIDs: []string{id}}
}

// recorder remembers the status for metrics.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// minCompress is the size from which an answer is worth compressing.
const minCompress = 1000

// zipper compresses an answer that is large enough, in one piece.
type zipper struct {
	http.ResponseWriter
	status int
	zip    *gzip.Writer
	plain  bool
}

func compress(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, func()) {
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") || strings.HasPrefix(r.URL.Path, "/v1/events") {
		return w, func() {}
	}
	z := &zipper{ResponseWriter: w}
	return z, func() {
		switch {
		case z.zip != nil:
			_ = z.zip.Close()
		case z.status != 0 && !z.plain:
			// There was no body to begin with.
			w.WriteHeader(z.status)
		}
	}
}

func (z *zipper) WriteHeader(status int) { z.status = status }

func (z *zipper) Write(p []byte) (int, error) {
	if z.zip == nil && !z.plain {
		z.begin(len(p))
	}
	if z.zip != nil {
		return z.zip.Write(p)
	}
	return z.ResponseWriter.Write(p)
}

func (z *zipper) begin(first int) {
	h := z.Header()
	if first >= minCompress && h.Get("Content-Encoding") == "" {
		h.Set("Content-Encoding", "gzip")
		h.Del("Content-Length")
		h.Add("Vary", "Accept-Encoding")
		// Speed counts more than size on a cluster's own network.
		z.zip, _ = gzip.NewWriterLevel(z.ResponseWriter, gzip.BestSpeed)
	} else {
		z.plain = true
	}
	if z.status != 0 {
		z.ResponseWriter.WriteHeader(z.status)
	}
}
