package prop

// backupTable has the settings of backups and their shipping.
func backupTable() []Property {
	return []Property{
		{Key: "BackupShipping/BackupTimeout", Rule: whole(), Default: "5", Unit: "seconds", in: ctrl,
			Help: "How long listing and deleting backups may wait for the remote"},
		{Key: "BackupShipping/S3KeySuffix", in: ctrl,
			Help: "Text after backup names that tells clusters in one bucket apart"},
		{Key: "BackupShipping/AllowForceRestore", Rule: trueFalse(), Default: "false", in: ctrl | def,
			Help: "Whether a received backup may replace an existing resource"},
		{Key: "BackupShipping/L2LReceiveStartedTimeout", Rule: whole(), Default: "300000", Unit: "milliseconds", in: ctrl | node | def,
			Help: "How long the receiving cluster waits for the first connection; -1 waits for ever"},
		{Key: "BackupShipping/L2LSkipWaitForStart", Rule: trueFalse(), Default: "false", in: ctrl | node | def,
			Help: "Whether the call returns as soon as the snapshot is made, before it is shipped"},
		{Key: "BackupShipping/MaxConcurrentBackupsPerNode", Rule: whole(), Default: "-1", in: ctrl | node,
			Help: "How many backups a node ships at the same time; a negative number sets no limit"},
	}
}
