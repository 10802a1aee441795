/** The same object, some of whose functions are others. */
export function standIn<T extends object>(original: T, instead: Record<string, unknown>): T {
  return new Proxy(original, {
    get(target, name) {
      if (typeof name === "string" && name in instead) return instead[name]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === "function" ? (value.bind(target) as unknown) : value
    },
  })
}
