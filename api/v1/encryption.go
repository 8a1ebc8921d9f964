package v1

// PassphraseStatus tells whether a master passphrase is set and known.
type PassphraseStatus struct {
	Status string `json:"status"`
}

// PassPhraseCreate sets or changes the master passphrase.
type PassPhraseCreate struct {
	NewPassphrase string `json:"new_passphrase,omitempty"`
	OldPassphrase string `json:"old_passphrase,omitempty"`
}
