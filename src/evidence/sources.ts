import { makePrometheusQuery, type PrometheusQuery, type PrometheusSource } from "./prometheus.ts"
import { makeProbe, type Probe, type ProbeOptions } from "./probe.ts"

/** Where evidence can be asked for outside of GitHub. */
export type EvidenceSources = { probe: Probe; query: PrometheusQuery }

/** What the host of the service has set up for it. */
export type EvidenceSettings = {
  probe: Pick<ProbeOptions, "allowedHosts" | "allowPrivate">
  prometheus: readonly PrometheusSource[]
}

/** Opens the sources; nothing is asked before somebody wants to know. */
export function openSources(settings: EvidenceSettings): EvidenceSources {
  return { probe: makeProbe(settings.probe), query: makePrometheusQuery(settings.prometheus) }
}
