package link

import "github.com/holdfast-storage/holdfast/api/v1"

// LogLevelRequest sets how much the running satellite logs; an empty level changes
// nothing and only asks.
type LogLevelRequest struct {
	Fence Fence       `json:"fence"`
	Level v1.LogLevel `json:"level,omitempty"`
}

// LogLevelAnswer is the level that the satellite has now.
type LogLevelAnswer struct {
	Level v1.LogLevel `json:"level"`
}
