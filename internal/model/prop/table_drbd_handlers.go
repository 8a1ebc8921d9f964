package prop

// drbdHandlerTable has the programs that DRBD runs at events.
func drbdHandlerTable() []Property {
	const ns, in = "DrbdOptions/Handlers/", ctrl | def
	return []Property{
		{Key: ns + "after-resync-target", in: in,
			Help: "Program run on the target when a resync is done"},
		{Key: ns + "before-resync-source", in: in,
			Help: "Program run on the source before a resync"},
		{Key: ns + "before-resync-target", in: in,
			Help: "Program run on the target before a resync"},
		{Key: ns + "fence-peer", in: in,
			Help: "Program that makes a vanished peer harmless"},
		{Key: ns + "initial-split-brain", in: in,
			Help: "Program run when a split brain is found, before it is resolved"},
		{Key: ns + "local-io-error", in: in,
			Help: "Program run when the backing disk fails"},
		{Key: ns + "out-of-sync", in: in,
			Help: "Program run when verification finds differences"},
		{Key: ns + "pri-lost", in: in,
			Help: "Program run when a primary should give way"},
		{Key: ns + "pri-lost-after-sb", in: in,
			Help: "Program run on a primary that loses its data after a split brain"},
		{Key: ns + "pri-on-incon-degr", in: in,
			Help: "Program run on a primary whose data is inconsistent while it is alone"},
		{Key: ns + "quorum-lost", in: in,
			Help: "Program run when quorum is lost"},
		{Key: ns + "split-brain", in: in,
			Help: "Program run when a split brain cannot be resolved"},
		{Key: ns + "unfence-peer", in: in,
			Help: "Program that undoes fencing"},
	}
}
