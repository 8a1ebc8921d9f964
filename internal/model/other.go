package model

import (
	"time"

	"github.com/holdfast-storage/holdfast/internal/crypt"
)

// Controller is the cluster-wide state: there is exactly one.
type Controller struct {
	Props map[string]string
	// Crypt is the wrapped master key; nil until a master passphrase is set. No call
	// of the API shows it.
	Crypt *crypt.Record `json:",omitempty"`
}

// KeyValueStore is one named map that users and plugins keep data in.
type KeyValueStore struct {
	Name  string
	Props map[string]string
}

// SnapshotDefinition is a snapshot of a resource definition on some nodes.
type SnapshotDefinition struct {
	Definition string
	Name       string
	UUID       string
	Props      map[string]string `json:",omitempty"`
	Nodes      []SnapshotNode    `json:",omitempty"`
	Volumes    []SnapshotVolume  `json:",omitempty"`
	Deleting   *time.Time        `json:",omitempty"`
}

// SnapshotNode is the part of a snapshot that one node holds.
type SnapshotNode struct {
	Node    string
	UUID    string
	Created *time.Time `json:",omitempty"`
}

// SnapshotVolume is the size of a volume when the snapshot was taken.
type SnapshotVolume struct {
	Number  int
	UUID    string
	SizeKiB int64
}

// Remote is a place outside the cluster that backups go to.
type Remote struct {
	Name string
	UUID string
	// Kind is s3, linstor or ebs.
	Kind  string
	Props map[string]string `json:",omitempty"`
}

// Schedule says when backups are made and how many are kept.
type Schedule struct {
	Name        string
	UUID        string
	FullCron    string
	IncCron     string `json:",omitempty"`
	KeepLocal   *int   `json:",omitempty"`
	KeepRemote  *int   `json:",omitempty"`
	RetryOnFail bool   `json:",omitempty"`
	MaxRetries  *int   `json:",omitempty"`
}

// ExternalFile is a file that satellites put in place for resources.
type ExternalFile struct {
	Path    string
	UUID    string
	Content []byte
}
