package rest

import "strings"

// unimplemented lists the calls of the API that answer 501: they are known, so that
// a client gets a clear word instead of a missing path.
func unimplemented() []string {
	const table = `
POST /actions/snapshot/multi
POST /resource-definitions/{r}/snapshots
PUT /resource-definitions/{r}/snapshots/{s}
POST /resource-definitions/{r}/snapshot-restore-resource/{s}
POST /resource-definitions/{r}/snapshot-restore-volume-definition/{s}
POST /resource-definitions/{r}/snapshot-rollback/{s}
POST /resource-definitions/{r}/clone
GET /resource-definitions/{r}/clone/{c}
POST DELETE /resource-definitions/{r}/files/{f}
GET /view/schedules-by-resource
GET /view/schedules-by-resource/{r}
GET /view/backup/queue
POST /nodes/ebs
POST /nodes/exec/drbd-reactorctl/{verb}
POST /controller/backup/db
POST /controller/database/export
POST /controller/auth/initialize-token-auth
GET POST /controller/auth/token
PUT DELETE /controller/auth/token/{t}
GET /files/{f}
PUT DELETE /files/{f}
GET /files/{f}/check/{n}
GET /files/{f}/status/{n}
GET /sos-report
GET /sos-report/download
GET POST DELETE /remotes/{r}/backups
POST /remotes/{r}/backups/restore
POST /remotes/{r}/backups/abort
POST /remotes/{r}/backups/ship
POST /remotes/{r}/backups/info
PUT /remotes/{r}/backups/schedule/{s}/enable
PUT /remotes/{r}/backups/schedule/{s}/disable
DELETE /remotes/{r}/backups/schedule/{s}/delete
DELETE /remotes
POST /remotes/s3
PUT /remotes/s3/{r}
POST /remotes/linstor
PUT /remotes/linstor/{r}
POST /remotes/ebs
PUT /remotes/ebs/{r}
POST /schedules
PUT DELETE /schedules/{s}
POST /internal/backups/{call}
`
	var out []string
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		words := strings.Fields(line)
		for _, m := range words[:len(words)-1] {
			out = append(out, m+" /v1"+words[len(words)-1])
		}
	}
	return out
}
