/** Mail: `sendMail`, `EmailMessage`, and the interface of the backends. */
export type { EmailBackend, EmailBackendClass, EmailBackendOptions, OutgoingMail } from './backends/base.ts'
export { type Attachment, EmailMessage, type EmailMessageOptions, getConnection } from './message.ts'
export { BadHeaderError } from '#core/exceptions'
export { outbox } from './backends/locmem.ts'
export { mailAdmins, mailManagers, sendMail, type SendMailOptions, sendMassMail } from './send.ts'
