package prop

// balanceTable has the settings of the task that moves replicas off full nodes.
func balanceTable() []Property {
	return []Property{
		{Key: "BalanceResourcesEnabled", Rule: trueFalse(), Default: "true", in: ctrl | def,
			Help: "Whether the number of replicas is brought back to the place count in the background"},
		{Key: "BalanceResourcesInterval", Rule: whole(), Default: "3600", Unit: "seconds", in: ctrl,
			Help: "Time between two runs of the balancing"},
		{Key: "BalanceResourcesGracePeriod", Rule: whole(), Default: "3600", Unit: "seconds", in: ctrl,
			Help: "Age from which the balancing may remove a replica"},
		{Key: "BalanceResourcesSkipDiskLimit", Rule: whole(), Default: "1", in: ctrl | def,
			Help: "How many replicas may skip their disk before the definition is left alone"},
	}
}
