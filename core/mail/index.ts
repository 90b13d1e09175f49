/** Mail: `sendMail`, `EmailMessage`, and the backends that EMAIL_BACKEND chooses from. */
export type { EmailBackend, EmailBackendClass, EmailBackendOptions, OutgoingMail } from './backends/base.ts'
export { getConnection } from './connection.ts'
export { type Attachment, EmailMessage, type EmailMessageOptions } from './message.ts'
export { BadHeaderError } from '#core/exceptions'
export { outbox } from './outbox.ts'
export { mailAdmins, mailManagers, sendMail, type SendMailOptions, sendMassMail } from './send.ts'
