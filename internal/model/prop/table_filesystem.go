package prop

// fileSystemTable has the file system that new volumes get.
func fileSystemTable() []Property {
	const in = def | res | volume
	return []Property{
		{Key: "FileSystem/Type", Rule: oneOf("ext4", "xfs"), in: in, Help: "File system made on a new volume"},
		{Key: "FileSystem/MkfsParams", in: in, Help: "More arguments for mkfs"},
		{Key: "FileSystem/User", Default: "user of the satellite, or nobody where a group is given", in: in,
			Help: "Owner of the file system's root, by name or number"},
		{Key: "FileSystem/Group", Default: "group of the owner", in: in,
			Help: "Group of the file system's root, by name or number"},
	}
}

// luksTable has the options of encrypted volumes.
func luksTable() []Property {
	const in = ctrl | node | pool | def | res | volume
	return []Property{
		{Key: "StorDriver/LuksFormatOptions", in: in, Help: "More arguments for cryptsetup luksFormat"},
		{Key: "StorDriver/LuksOpenOptions", in: in, Help: "More arguments for cryptsetup open"},
		{Key: "Luks/AllowDiscards", Rule: trueFalse(), Default: "false", in: in,
			Help: "Whether discards pass through the encryption, which shows which blocks are free"},
		{Key: "Encryption/Passphrase", in: volume, Secret: true, Help: "Passphrase of the volume in place of a generated one"},
	}
}
