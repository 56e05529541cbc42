// Runs the SQL statements of a JSON list on its standard input and prints their rows as a list of lists of objects.
const fs = require('fs')
const {DuckDBInstance} = require('@duckdb/node-api')

async function main() {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const results = []
  for (const statement of JSON.parse(fs.readFileSync(0, 'utf8'))) {
    results.push((await connection.runAndReadAll(statement)).getRowObjectsJson())
  }
  console.log(JSON.stringify(results))
}

main().catch(error => {
  console.error(error.message)
  process.exitCode = 1
})
