/** Where the registry tells of a full name, or resolves it. */
export const namePath = (
  of: 'names' | 'resolve',
  { handle, name }: { readonly handle: string; readonly name: string },
): string => `/v1/${of}/${encodeURIComponent(handle)}/${encodeURIComponent(name)}`
