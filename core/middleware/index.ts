/** Public API of the built-in middleware: CSRF tokens and view decorators. MIDDLEWARE names the rest. */
import './checks/index.ts'
export { xframeOptionsDeny, xframeOptionsExempt, xframeOptionsSameorigin } from './clickjacking.ts'
export { noAppendSlash } from './common.ts'
export { cspOverride, cspReportOnlyOverride } from './csp.ts'
export {
  csrfExempt,
  type CsrfFailureView,
  csrfProtect,
  CsrfViewMiddleware,
  ensureCsrfCookie,
  getToken,
  requiresCsrfToken,
  rotateToken,
  skipCsrfCheck,
} from './csrf.ts'
