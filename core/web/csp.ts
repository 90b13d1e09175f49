/** Content-Security-Policy: the words of its directives, and the header's text. */

/** What a directive of SECURE_CSP may hold, besides hosts and schemes. */
export const CSP = {
  HEADER_ENFORCE: 'Content-Security-Policy',
  HEADER_REPORT_ONLY: 'Content-Security-Policy-Report-Only',
  NONE: "'none'",
  REPORT_SAMPLE: "'report-sample'",
  SELF: "'self'",
  STRICT_DYNAMIC: "'strict-dynamic'",
  UNSAFE_EVAL: "'unsafe-eval'",
  UNSAFE_HASHES: "'unsafe-hashes'",
  UNSAFE_INLINE: "'unsafe-inline'",
  WASM_UNSAFE_EVAL: "'wasm-unsafe-eval'",
  /** Stands for the nonce of each answer; left out of one that used none. */
  NONCE: '<CSP_NONCE_SENTINEL>',
} as const

/** Directives by name: values in order, a Set of them, a single one, true for a directive alone, null or false for none. */
export type CspPolicy = Readonly<Record<string, unknown>>

/** The values of a directive in the order in which they are sent; a Set has none of its own, so it is sorted. */
export function cspValues(value: unknown): readonly string[] {
  if (value instanceof Set) return [...(value as Set<string>)].toSorted()
  return Array.isArray(value) ? (value as string[]) : [String(value)]
}

function directiveText(name: string, value: unknown, nonce: string | undefined): string | undefined {
  if (value === null || value === undefined || value === false) return undefined
  if (value === true) return name
  const values = cspValues(value).flatMap((each) => {
    if (each !== CSP.NONCE) return [each]
    return nonce === undefined ? [] : [`'nonce-${nonce}'`]
  })
  return values.length === 0 ? undefined : `${name} ${values.join(' ')}`
}

/**
 * The header's value; empty where nothing is left to say.
 * @param nonce what CSP.NONCE stands for in this answer
 */
export function buildPolicy(policy: CspPolicy, nonce?: string): string {
  return Object.entries(policy)
    .flatMap(([name, value]) => directiveText(name, value, nonce) ?? [])
    .join('; ')
}
