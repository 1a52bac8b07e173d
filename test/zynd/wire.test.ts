/**
 * Zynd's wire contract, row by row (docs/zynd-wire.md): foreign clients, written here once more with nothing of ours, speak to
 * three running nodes. The sections share those nodes, so they are modules of one test file.
 *
 *   node --import tsx --conditions=@rollcall/source --test --test-name-pattern='Z4.1-' test/zynd/wire.test.ts
 */
import './sections/identity.ts'
import './sections/entities.ts'
import './sections/search.ts'
import './sections/cards.ts'
import './sections/developers.ts'
import './sections/heartbeats.ts'
import './sections/network.ts'
import './sections/onboarding.ts'
