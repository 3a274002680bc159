{{/* Names that do not change: there is one installation in a namespace. */}}
{{- define "cnpg-mcp.name" -}}cnpg-mcp-server{{- end }}

{{- define "cnpg-mcp.selector" -}}
app: cnpg-mcp-server
{{- end }}

{{- define "cnpg-mcp.labels" -}}
{{ include "cnpg-mcp.selector" . }}
app.kubernetes.io/name: cnpg-mcp
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* Metadata of an object: (list $ NAME). */}}
{{- define "cnpg-mcp.metadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "cnpg-mcp.labels" $root | nindent 2 }}
{{- end }}

{{/* (dict "own" IMAGE "usual" IMAGE "version" APPVERSION): the parts that `own` has not are those of `usual`. */}}
{{- define "cnpg-mcp.image" -}}
{{- $repository := .own.repository | default .usual.repository -}}
{{- $digest := .own.digest | default (ternary "" .usual.digest (not (empty .own.tag))) -}}
{{- if $digest -}}
{{ $repository }}@{{ $digest }}
{{- else -}}
{{ $repository }}:{{ .own.tag | default .usual.tag | default .version }}
{{- end -}}
{{- end }}

{{- define "cnpg-mcp.publicUrl" -}}
{{- if .Values.publicUrl -}}
{{ .Values.publicUrl }}
{{- else -}}
https://{{ .Values.ingress.host }}
{{- end -}}
{{- end }}

{{- define "cnpg-mcp.keys" -}}{{ .Values.keys.existingSecret | default "cnpg-mcp-keys" }}{{- end }}

{{/* Whether an API server answers that has CloudNativePG: where charts are only rendered there is none. */}}
{{- define "cnpg-mcp.connected" -}}
{{- if .Capabilities.APIVersions.Has "postgresql.cnpg.io/v1" }}true{{ end -}}
{{- end }}

{{- define "cnpg-mcp.targetNamespaces" -}}
{{- .Values.rbac.targetNamespaces | default (list .Release.Namespace) | uniq | sortAlpha | toJson -}}
{{- end }}

{{/* What follows from other values, for settings that are not set. */}}
{{- define "cnpg-mcp.implied" -}}
PUBLIC_URL: {{ include "cnpg-mcp.publicUrl" . | quote }}
{{- if not .Values.rbac.clusterWide }}
ALLOWED_NAMESPACES: {{ include "cnpg-mcp.targetNamespaces" . | fromJsonArray | join "," | quote }}
{{- end }}
{{- if .Values.rbac.readOnly }}
READ_ONLY: "true"
{{- end }}
{{- end }}

{{/* Settings of a container: (list $ ITS-OWN). */}}
{{- define "cnpg-mcp.settings" -}}
{{- $root := index . 0 -}}
{{- $implied := include "cnpg-mcp.implied" $root | fromYaml -}}
{{- range $name, $value := mergeOverwrite $implied (deepCopy $root.Values.settings) (deepCopy (index . 1)) }}
{{- if ne (toString $value) "" }}
{{ $name }}: {{ toString $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cnpg-mcp.mainSettings" -}}
{{- include "cnpg-mcp.settings" (list . .Values.mainSettings) }}
{{- end }}

{{- define "cnpg-mcp.testSettings" -}}
{{- $account := .Values.testSidecar.serviceAccount -}}
{{- $own := ternary (dict "READ_ONLY" "true") dict (and $account.create $account.readOnly) -}}
{{- include "cnpg-mcp.settings" (list . (mergeOverwrite $own (deepCopy .Values.testSidecar.settings))) }}
{{- end }}

{{/* A variable from a Secret: (list NAME SECRET KEY OPTIONAL). */}}
{{- define "cnpg-mcp.fromSecret" -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef:
      name: {{ index . 1 }}
      key: {{ index . 2 }}
      {{- if index . 3 }}
      optional: true
      {{- end }}
{{- end }}

{{/* Of the provider, what no setting of the container says: (list $ ITS-SETTINGS). */}}
{{- define "cnpg-mcp.providerEnv" -}}
{{- $secret := (index . 0).Values.credentials.existingSecret -}}
{{- $settings := index . 1 | fromYaml -}}
{{- range list "OIDC_ISSUER" "OIDC_AUDIENCE" }}
{{- if not (get $settings .) }}
{{ include "cnpg-mcp.fromSecret" (list . $secret . false) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Variables of the main container that are secret. */}}
{{- define "cnpg-mcp.mainEnv" -}}
{{- $secret := .Values.credentials.existingSecret -}}
{{- $keys := include "cnpg-mcp.keys" . -}}
{{- include "cnpg-mcp.providerEnv" (list . (include "cnpg-mcp.mainSettings" .)) }}
{{ include "cnpg-mcp.fromSecret" (list "AUTH0_CLIENT_ID" $secret "AUTH0_CLIENT_ID" false) }}
{{ include "cnpg-mcp.fromSecret" (list "AUTH0_CLIENT_SECRET" $secret "AUTH0_CLIENT_SECRET" false) }}
{{ include "cnpg-mcp.fromSecret" (list "OAUTH_SIGNING_KEY" $keys "OAUTH_SIGNING_KEY" false) }}
{{ include "cnpg-mcp.fromSecret" (list "PLAN_KEY" $keys "PLAN_KEY" false) }}
{{- if eq .Values.store.type "redis" }}
{{- $redis := .Values.store.redis.existingSecret }}
{{ include "cnpg-mcp.fromSecret" (list "OAUTH_STORE" $redis "OAUTH_STORE" false) }}
{{ include "cnpg-mcp.fromSecret" (list "OAUTH_STORE_KEY" $redis "OAUTH_STORE_KEY" true) }}
{{ include "cnpg-mcp.fromSecret" (list "PLAN_STORE" $redis "PLAN_STORE" true) }}
{{- else }}
- name: OAUTH_STORE
  value: /var/lib/cnpg-mcp/oauth
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Of the test server: no client secret, no signing key, no store of logins. */}}
{{- define "cnpg-mcp.testEnv" -}}
{{- $alone := le (int .Values.replicas) 1 -}}
{{- include "cnpg-mcp.providerEnv" (list . (include "cnpg-mcp.testSettings" .)) }}
{{ include "cnpg-mcp.fromSecret" (list "PLAN_KEY" (include "cnpg-mcp.keys" .) "TEST_PLAN_KEY" $alone) }}
{{- if eq .Values.store.type "redis" }}
{{ include "cnpg-mcp.fromSecret" (list "PLAN_STORE" .Values.store.redis.existingSecret "TEST_PLAN_STORE" $alone) }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The volume where the store lies, if it is one. */}}
{{- define "cnpg-mcp.storeVolume" -}}
{{- if eq .Values.store.type "volume" }}
- name: store
  persistentVolumeClaim:
    claimName: {{ .Values.store.volume.existingClaim | default "cnpg-mcp-store" }}
{{- else if eq .Values.store.type "ephemeral" }}
- name: store
  emptyDir:
    sizeLimit: 100Mi
{{- end }}
{{- end }}

{{/* Token, authority and namespace as a pod usually has them, so that each container can have its own. */}}
{{- define "cnpg-mcp.accountVolume" -}}
- name: kube-api-access
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3607
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
      - downwardAPI:
          items:
            - path: namespace
              fieldRef:
                fieldPath: metadata.namespace
{{- end }}

{{- define "cnpg-mcp.accountMount" -}}
- name: {{ . }}
  mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  readOnly: true
{{- end }}

{{/* What is scheduled, and how: the same for the pod and for the doctor's. */}}
{{- define "cnpg-mcp.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
