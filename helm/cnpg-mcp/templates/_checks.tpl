{{/* Values that contradict each other are refused with a sentence that says what to set. */}}
{{- define "cnpg-mcp.checks" -}}
{{- include "cnpg-mcp.checkAddress" . }}
{{- include "cnpg-mcp.checkStore" . }}
{{- include "cnpg-mcp.checkRights" . }}
{{- include "cnpg-mcp.checkTimes" . }}
{{- include "cnpg-mcp.checkSecrets" . }}
{{- end }}

{{- define "cnpg-mcp.checkAddress" -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}
{{- fail "ingress.host is empty: set the host name under which clients reach the server, or set ingress.enabled=false and publicUrl." }}
{{- end }}
{{- if not (or .Values.publicUrl .Values.ingress.host) }}
{{- fail "publicUrl is empty: set the address under which clients reach the server (ingress.host sets it, too)." }}
{{- end }}
{{- end }}

{{- define "cnpg-mcp.checkStore" -}}
{{- if and (gt (int .Values.replicas) 1) (ne .Values.store.type "redis") }}
{{- fail (printf "replicas is %d, but logins kept in a %s serve one pod: set store.type=redis, or replicas=1." (int .Values.replicas) .Values.store.type) }}
{{- end }}
{{- if and (eq .Values.store.type "redis") (not .Values.store.redis.existingSecret) }}
{{- fail "store.redis.existingSecret is empty: name the Secret that has OAUTH_STORE, a Redis URL with its password." }}
{{- end }}
{{- end }}

{{- define "cnpg-mcp.checkRights" -}}
{{- if and .Values.rbac.clusterWide .Values.rbac.targetNamespaces }}
{{- fail "rbac.clusterWide and rbac.targetNamespaces exclude each other: set one of them." }}
{{- end }}
{{- range list (include "cnpg-mcp.mainSettings" . | fromYaml) (include "cnpg-mcp.testSettings" . | fromYaml) }}
{{- if and .IMPERSONATE_USER_CLAIM $.Values.rbac.create (not $.Values.rbac.impersonate.users) }}
{{- fail "IMPERSONATE_USER_CLAIM is set, but rbac.impersonate.users is empty: list the users as whom the server may act, with IMPERSONATE_USER_PREFIX." }}
{{- end }}
{{- if and .IMPERSONATE_GROUPS_CLAIM $.Values.rbac.create (not $.Values.rbac.impersonate.groups) }}
{{- fail "IMPERSONATE_GROUPS_CLAIM is set, but rbac.impersonate.groups is empty: list the groups, with IMPERSONATE_GROUP_PREFIX." }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cnpg-mcp.checkTimes" -}}
{{- $needed := add (int .Values.preStopSeconds) 50 }}
{{- if le (int .Values.terminationGracePeriodSeconds) (int $needed) }}
{{- fail (printf "terminationGracePeriodSeconds must be more than %d: running calls may take 50 s after preStopSeconds." $needed) }}
{{- end }}
{{- end }}

{{/* Keys are made where the API server can be asked whether they were made before, and nowhere else. */}}
{{- define "cnpg-mcp.checkSecrets" -}}
{{- if not (include "cnpg-mcp.connected" .) }}
{{- if not .Values.keys.existingSecret }}
{{- fail "keys.existingSecret is empty, and no API server with CloudNativePG answers, where keys could be made once and kept: name a Secret with OAUTH_SIGNING_KEY, PLAN_KEY and TEST_PLAN_KEY (helm template, Argo CD), or install CloudNativePG first." }}
{{- end }}
{{- else }}
{{- include "cnpg-mcp.checkCredentials" . }}
{{- end }}
{{- end }}

{{- define "cnpg-mcp.checkCredentials" -}}
{{- $name := .Values.credentials.existingSecret }}
{{- $found := lookup "v1" "Secret" .Release.Namespace $name }}
{{- $data := $found.data | default dict }}
{{- $wanted := list "AUTH0_CLIENT_ID" "AUTH0_CLIENT_SECRET" }}
{{- $main := include "cnpg-mcp.mainSettings" . | fromYaml }}
{{- $test := ternary (include "cnpg-mcp.testSettings" . | fromYaml) $main .Values.testSidecar.enabled }}
{{- range list "OIDC_ISSUER" "OIDC_AUDIENCE" }}
{{- if not (and (get $main .) (get $test .)) }}{{ $wanted = append $wanted . }}{{ end }}
{{- end }}
{{- $missing := list }}
{{- range $wanted }}
{{- if not (hasKey $data .) }}{{ $missing = append $missing . }}{{ end }}
{{- end }}
{{- if $missing }}
{{- fail (printf "Secret %s in namespace %s has no %s. Make it first: kubectl -n %s create secret generic %s --from-literal=%s=... (docs/install.md)" $name .Release.Namespace (join ", " $missing) .Release.Namespace $name (join "=... --from-literal=" $missing)) }}
{{- end }}
{{- end }}
