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
	Node string
	UUID string
	// Created is when the satellite reported it made; nil until then.
	Created *time.Time `json:",omitempty"`
	// Deleting is when its deletion was ordered: it stays until it is reported gone.
	Deleting *time.Time       `json:",omitempty"`
	Devices  []SnapshotDevice `json:",omitempty"`
}

// SnapshotDevice is the snapshot of one volume on one node. It says where its storage
// lies, for it may outlive the replica that it was taken of.
type SnapshotDevice struct {
	Number int
	// UUID is the identity of the device, and with a part's suffix that of the part;
	// Source is that of the volume it is taken of.
	UUID   string
	Source string
	Pool   string
	Parts  []VolumePart `json:",omitempty"`
}

// On finds the part of a snapshot that a node holds.
func (s *SnapshotDefinition) On(node string) (SnapshotNode, bool) {
	for _, n := range s.Nodes {
		if Key(n.Node) == Key(node) {
			return n, true
		}
	}
	return SnapshotNode{}, false
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
