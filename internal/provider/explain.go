package provider

import "github.com/holdfast-storage/holdfast/internal/run"

// Explainer is a provider that knows what its tools complain about.
type Explainer interface {
	// Explain turns a step that ended with an unexpected code into a fault with
	// cause and correction; nil where the words of the tool mean nothing to it.
	Explain(c run.Cmd, r run.Result) error
}
