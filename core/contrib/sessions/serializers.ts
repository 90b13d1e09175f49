/** Serializers that SESSION_SERIALIZER may name. */
export { JSONSerializer } from '#core/signing'
