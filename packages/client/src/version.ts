/** How this client names itself to nodes. The test of this package compares it with package.json. */
export const CLIENT_VERSION = '0.1.0'
export const CLIENT_NAME: string = `rollcall-client/${CLIENT_VERSION}`
