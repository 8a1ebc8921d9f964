package v1

// Explanation is one row of the answer to the explain calls: what is wanted of an
// object, what is there, what is missing and why it is not done yet.
type Explanation struct {
	Object     string `json:"object"`
	Wanted     string `json:"wanted,omitempty"`
	Have       string `json:"have,omitempty"`
	Missing    string `json:"missing,omitempty"`
	Why        string `json:"why,omitempty"`
	Correction string `json:"correction,omitempty"`
}
