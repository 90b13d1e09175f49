/** The type of a session's content, which a project fills in. */

/**
 * Names and types of what a project keeps in its sessions:
 * `declare module '#core/contrib/sessions' { interface SessionData { num_visits?: number } }`
 */
// oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-empty-interface -- filled in by projects
export interface SessionData {}
