{{- define "peyvand.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "peyvand.labels" -}}
app.kubernetes.io/name: peyvand
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* What selects every pod of the release. */}}
{{- define "peyvand.everybody" -}}
app.kubernetes.io/name: peyvand
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* dict root name [part] -> what selects the pods of one service, or of one part of it. */}}
{{- define "peyvand.selector" -}}
{{ include "peyvand.everybody" .root }}
app.kubernetes.io/component: {{ .name }}
{{- with .part }}
peyvand.dev/part: {{ . }}
{{- end }}
{{- end -}}

{{/* dict root image -> image reference; a service may run another version than its neighbours while they are upgraded one by one. */}}
{{- define "peyvand.image" -}}
{{- $all := .root.Values.image -}}
{{- $digest := or .image.digest (and (not .image.tag) $all.digest) -}}
{{- if $digest -}}{{ $all.repository }}@{{ $digest }}
{{- else -}}{{ $all.repository }}:{{ .image.tag | default $all.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "peyvand.secret" -}}
{{- .Values.secrets.existingSecret | default (include "peyvand.name" .) -}}
{{- end -}}

{{- define "peyvand.kafkaCluster" -}}
{{- .Values.strimzi.cluster.name | default (printf "%s-kafka" (include "peyvand.name" .)) -}}
{{- end -}}

{{- define "peyvand.kafkaUrl" -}}
{{- if .Values.strimzi.enabled -}}kafka://{{ include "peyvand.kafkaCluster" . }}-kafka-bootstrap:9093
{{- else -}}kafka://{{ .Values.kafka.bootstrap }}
{{- end -}}
{{- end -}}

{{/* dict root process -> the secret with a process's Kafka password; empty: none is used. */}}
{{- define "peyvand.kafkaUser" -}}
{{- if .root.Values.strimzi.enabled -}}{{ include "peyvand.name" .root }}-{{ .process }}
{{- else if .root.Values.kafka.users.enabled -}}{{ .root.Values.kafka.users.secretPrefix }}{{ .process }}
{{- end -}}
{{- end -}}

{{- define "peyvand.kafkaCa" -}}
{{- if .Values.strimzi.enabled -}}{{ include "peyvand.kafkaCluster" . }}-cluster-ca-cert
{{- else -}}{{ .Values.kafka.caSecret.name }}
{{- end -}}
{{- end -}}

{{- define "peyvand.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "peyvand.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* dict root process -> settings every process is given. */}}
{{- define "peyvand.env" -}}
{{- $name := include "peyvand.name" .root -}}
- {name: ECRM_KAFKA_URL, value: {{ include "peyvand.kafkaUrl" .root | quote }}}
{{- with .root.Values.kafka.topicPrefix }}
- {name: ECRM_LOG_TOPIC_PREFIX, value: {{ . | quote }}}
{{- end }}
{{- if or .root.Values.strimzi.enabled .root.Values.kafka.tls }}
- {name: ECRM_KAFKA_TLS, value: "true"}
{{- end }}
{{- if include "peyvand.kafkaCa" .root }}
- {name: ECRM_KAFKA_CA, value: /run/secrets/kafka-ca/ca.crt}
{{- end }}
{{- with include "peyvand.kafkaUser" . }}
- {name: ECRM_KAFKA_USER, value: {{ . | quote }}}
- {name: ECRM_KAFKA_PASSWORD_FILE, value: /run/secrets/kafka-user/password}
{{- end }}
- {name: ECRM_PUBLIC_URL, value: {{ .root.Values.publicUrl | quote }}}
- {name: ECRM_MAIL_DOMAIN, value: {{ .root.Values.mailDomain | quote }}}
- {name: ECRM_LOG_LEVEL, value: {{ .root.Values.logLevel | quote }}}
- {name: ECRM_HOST, value: 0.0.0.0}
- {name: ECRM_IDENTITY_SECRET_FILE, value: /run/secrets/peyvand/identity_secret}
- {name: ECRM_LINK_SECRET_FILE, value: /run/secrets/peyvand/link_secret}
- {name: ECRM_TRUSTED_KEYS_FILE, value: /run/secrets/peyvand/trusted_keys}
- {name: ECRM_SIGNING_KEY_FILE, value: /run/secrets/peyvand/signing_key_{{ .process }}}
{{- range $other := keys .root.Values.services | sortAlpha }}
- {name: {{ printf "ECRM_%s_URL" (upper $other) }}, value: {{ printf "http://%s-%s:8000" $name $other | quote }}}
{{- end }}
{{- range $key, $value := .root.Values.env }}
- {name: {{ $key }}, value: {{ $value | quote }}}
{{- end }}
{{- end -}}

{{/* dict root process files -> volumes of a pod: its own secrets and no other's. */}}
{{- define "peyvand.volumes" -}}
- name: secrets
  secret:
    secretName: {{ include "peyvand.secret" .root }}
    defaultMode: 0440
    items:
    {{- range .files }}
    - {key: {{ . }}, path: {{ . }}}
    {{- end }}
{{- with include "peyvand.kafkaUser" . }}
- name: kafka-user
  secret: {secretName: {{ . }}, defaultMode: 0440, items: [{key: password, path: password}]}
{{- end }}
{{- with include "peyvand.kafkaCa" .root }}
- name: kafka-ca
  secret: {secretName: {{ . }}, defaultMode: 0440, items: [{key: {{ $.root.Values.kafka.caSecret.key }}, path: ca.crt}]}
{{- end }}
- name: tmp
  emptyDir: {sizeLimit: 1Gi}
{{- end -}}

{{- define "peyvand.mounts" -}}
- {name: secrets, mountPath: /run/secrets/peyvand, readOnly: true}
{{- if include "peyvand.kafkaUser" . }}
- {name: kafka-user, mountPath: /run/secrets/kafka-user, readOnly: true}
{{- end }}
{{- if include "peyvand.kafkaCa" .root }}
- {name: kafka-ca, mountPath: /run/secrets/kafka-ca, readOnly: true}
{{- end }}
- {name: tmp, mountPath: /tmp}
{{- end -}}
