/** Shows /openapi.json as a page. Every text is set as text: nothing in the description can become markup. */
const METHODS = ['get', 'post', 'put', 'delete', 'patch']

const element = (name, properties = {}, children = []) => {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

const nameOf = (schema) => schema?.$ref?.split('/').at(-1)

/** A schema in one or a few lines of TypeScript-like text. */
const typeOf = (schema, indent = '') => {
  if (schema === undefined) return ''
  if (schema.$ref !== undefined) return nameOf(schema)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.anyOf !== undefined) return schema.anyOf.map((part) => typeOf(part, indent)).join(' | ')
  if (schema.allOf !== undefined) return schema.allOf.map((part) => typeOf(part, indent)).join(' & ')
  if (schema.type === 'array') return `${typeOf(schema.items, indent)}[]`
  if (schema.type !== 'object') return schema.format ?? schema.type ?? 'anything'
  const members = Object.entries(schema.properties ?? {})
  if (members.length === 0) return 'object'
  const lines = members.map(([name, member]) => {
    const optional = schema.required?.includes(name) === true ? '' : '?'
    const remark = member.description === undefined || member.description === '' ? '' : `  // ${member.description}`
    return `${indent}  ${name}${optional}: ${typeOf(member, `${indent}  `)}${remark}`
  })
  return `{\n${lines.join('\n')}\n${indent}}`
}

const contentOf = (holder) => Object.values(holder?.content ?? {})[0]?.schema

const parametersOf = (operation) => {
  const rows = (operation.parameters ?? []).map(({ name, in: place, required, schema, description }) =>
    element('tr', {}, [
      element('td', {}, [element('code', { textContent: name })]),
      element('td', { textContent: required === true ? `${place}, needed` : place }),
      element('td', { textContent: typeOf(schema) }),
      element('td', { textContent: description ?? schema?.description ?? '' }),
    ]),
  )
  return rows.length === 0 ? [] : [element('table', {}, rows)]
}

const block = (title, schema) =>
  schema === undefined ? [] : [element('h4', { textContent: title }), element('pre', { textContent: typeOf(schema) })]

const operationOf = (method, path, operation) =>
  element('details', { id: `${method} ${path}` }, [
    element('summary', {}, [
      element('span', { className: 'method', textContent: method.toUpperCase() }),
      element('code', { textContent: path }),
      ` ${operation.summary ?? ''}`,
    ]),
    element('p', { textContent: operation.description ?? '' }),
    ...parametersOf(operation),
    ...block('Body', contentOf(operation.requestBody)),
    ...Object.entries(operation.responses ?? {}).flatMap(([status, answer]) => block(status, contentOf(answer))),
  ])

const sectionsOf = (description) =>
  description.tags.map(({ name, description: about }) => {
    const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
      METHODS.filter((method) => methods[method]?.tags?.includes(name)).map((method) =>
        operationOf(method, path, methods[method]),
      ),
    )
    return element('section', {}, [
      element('h2', { textContent: name }),
      element('p', { textContent: about }),
      ...operations,
    ])
  })

const shapesOf = ({ components }) =>
  element('section', {}, [
    element('h2', { textContent: 'shapes' }),
    ...Object.entries(components?.schemas ?? {}).map(([name, schema]) =>
      element('details', {}, [
        element('summary', {}, [element('code', { textContent: schema.title ?? name })]),
        element('pre', { textContent: typeOf(schema) }),
      ]),
    ),
  ])

const filter = (word) => {
  for (const one of document.querySelectorAll('details')) {
    one.hidden = !one.textContent.toLowerCase().includes(word.toLowerCase())
  }
}

const run = async () => {
  const response = await fetch('/openapi.json')
  if (!response.ok) throw new Error(`the node answered ${response.status}`)
  const description = await response.json()
  document.getElementById('about').firstChild.textContent =
    `${description.info.description} Version ${description.info.version}. `
  document.getElementById('operations').append(...sectionsOf(description), shapesOf(description))
  const find = document.getElementById('find')
  find.addEventListener('input', () => filter(find.value))
}

run().catch((error) => {
  const about = document.getElementById('about')
  about.className = 'error'
  about.firstChild.textContent = `The description cannot be shown: ${error.message}. `
})
