/** Views of the framework: error pages, technical pages under DEBUG, files in development. */
export { technical404 } from './debug/technical_404.ts'
export { technical500 } from './debug/technical_500.ts'
export { defaultErrorPage } from './defaults.ts'
export { serveStatic, type ServeStaticParams } from './static.ts'
