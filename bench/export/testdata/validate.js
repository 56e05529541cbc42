// Holds every value of a JSON list on its standard input to the JSON schema in a file, and prints a list of verdicts.
const fs = require('fs')
const Ajv = require('ajv').default

const valid = new Ajv().compile(JSON.parse(fs.readFileSync(process.argv[2], 'utf8')))
console.log(JSON.stringify(JSON.parse(fs.readFileSync(0, 'utf8')).map(value => valid(value))))
