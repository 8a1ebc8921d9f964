package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// EncryptionService calls the endpoints of the cluster passphrase.
type EncryptionService struct{ c *Client }

// Status tells whether a passphrase is set and entered.
func (s *EncryptionService) Status(ctx context.Context, opts ...Option) (v1.PassphraseStatus, error) {
	return get[v1.PassphraseStatus](ctx, s.c, path("encryption", "passphrase"), opts)
}

// Create sets the first passphrase.
func (s *EncryptionService) Create(ctx context.Context, passphrase string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("encryption", "passphrase"), v1.PassPhraseCreate{NewPassphrase: passphrase}, opts)
}

// Modify changes the passphrase.
func (s *EncryptionService) Modify(ctx context.Context, p v1.PassPhraseCreate, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("encryption", "passphrase"), p, opts)
}

// Enter unlocks the keys.
func (s *EncryptionService) Enter(ctx context.Context, passphrase string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPatch, path("encryption", "passphrase"), passphrase, opts)
}
