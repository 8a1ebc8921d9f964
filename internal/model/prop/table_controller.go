package prop

// controllerTable has the settings of the controller's own services.
func controllerTable() []Property {
	return []Property{
		{Key: "REST/disable-http-metrics", Rule: trueFalse(), in: ctrl,
			Help: "Whether metrics are refused on plain HTTP while HTTPS is on"},
		{Key: "REST/AutoHTTPS", Rule: trueFalse(), in: ctrl,
			Help: "Whether a certificate is made where none is configured, and HTTPS is offered with it"},
		{Key: "Auth/TokenAuthenticationEnabled", Rule: trueFalse(), in: ctrl,
			Help: "Whether clients need a token"},
		{Key: "SearchDomain", in: ctrl,
			Help: "Domain in which node names without a dot are looked up"},
	}
}
