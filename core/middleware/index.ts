/** What views and rooms use of the middleware of the framework: CSRF tokens, marks for views. MIDDLEWARE names the rest. */
import './checks.ts'

export { xframeOptionsDeny, xframeOptionsExempt, xframeOptionsSameorigin } from './clickjacking.ts'
export { noAppendSlash } from './common.ts'
export { cspOverride, cspReportOnlyOverride } from './csp.ts'
export { CsrfViewMiddleware, getToken, rotateToken } from './csrf.ts'
export { type CsrfFailureView, skipCsrfCheck } from './csrf_check.ts'
export { csrfExempt, csrfProtect, ensureCsrfCookie, requiresCsrfToken } from './csrf_decorators.ts'
