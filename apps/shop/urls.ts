/** The addresses of the shop. Those of login, logout and passwords are in core.contrib.auth.urls. */
import { path } from '#core/urls'
import { addToCart, index, removeFromCart } from './views/cart.ts'
import { deviceList, endDevice, endOtherDevices } from './views/devices.ts'
import { profile, register } from './views/members.ts'

export const appName = 'shop'

export const urlpatterns = [
  path('', index, { name: 'index' }),
  path('cart/add/', addToCart, { name: 'add' }),
  path('cart/remove/', removeFromCart, { name: 'remove' }),
  path('register/', register, { name: 'register' }),
  path('profile/', profile, { name: 'profile' }),
  path('devices/', deviceList, { name: 'devices' }),
  path('devices/end/', endDevice, { name: 'end-device' }),
  path('devices/end-others/', endOtherDevices, { name: 'end-others' }),
]
