/** Shortcuts for views: `render` a template, `redirect` somewhere, get an object or answer 404. */
export { getListOr404, getObjectOr404, MultipleObjectsReturned } from './or_404.ts'
export { redirect, type RedirectTarget, type RedirectToOptions, resolveUrl } from './redirect.ts'
export { render, type RenderOptions } from './render.ts'
