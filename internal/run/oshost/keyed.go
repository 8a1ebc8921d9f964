//go:build linux

package oshost

import "sync"

// keyedMutex is a lock per key that takes no memory when it is free.
type keyedMutex struct {
	mu   sync.Mutex
	held map[string]*holders
}

type holders struct {
	mu    sync.Mutex
	count int
}

// lock waits for the key and gives the function that frees it.
func (k *keyedMutex) lock(key string) (unlock func()) {
	k.mu.Lock()
	if k.held == nil {
		k.held = map[string]*holders{}
	}
	h := k.held[key]
	if h == nil {
		h = &holders{}
		k.held[key] = h
	}
	h.count++
	k.mu.Unlock()
	h.mu.Lock()
	return func() {
		h.mu.Unlock()
		k.mu.Lock()
		defer k.mu.Unlock()
		if h.count--; h.count == 0 {
			delete(k.held, key)
		}
	}
}
