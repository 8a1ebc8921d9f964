package v1

// AuthToken describes an API token without its secret.
type AuthToken struct {
	ID          int64  `json:"id"`
	CreatedAt   string `json:"created_at"`
	IsActive    bool   `json:"is_active"`
	DeletedAt   string `json:"deleted_at,omitempty"`
	ExpiresAt   string `json:"expires_at,omitempty"`
	Description string `json:"description"`
	IpFilter    string `json:"ip_filter,omitempty"`
	IsUserToken bool   `json:"is_user_token"`
}

// AuthTokenListResponse lists the API tokens.
type AuthTokenListResponse struct {
	Count int64       `json:"count"`
	List  []AuthToken `json:"list"`
}
