/** What views and rooms use of the middleware of the framework: CSRF tokens, marks for views. MIDDLEWARE names the rest. */
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
