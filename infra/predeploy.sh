#!/usr/bin/env sh
# Brings the database to this version: its schema, and the role of the function app. May run again at any time.
set -eu
cd "$(dirname "$0")/.."

missing() {
  echo "Error: $1 is not set. 'azd provision' sets it; by hand: set -a; eval \"\$(azd env get-values)\"; set +a" >&2
  exit 2
}
[ -n "${DATABASE_HOST:-}" ] || missing DATABASE_HOST
[ -n "${DATABASE_NAME:-}" ] || missing DATABASE_NAME
[ -n "${DATABASE_ADMINISTRATOR:-}" ] || missing DATABASE_ADMINISTRATOR
[ -n "${FUNCTIONS_IDENTITY_NAME:-}" ] || missing FUNCTIONS_IDENTITY_NAME
[ -n "${FUNCTIONS_IDENTITY_OBJECT_ID:-}" ] || missing FUNCTIONS_IDENTITY_OBJECT_ID

# In folders of its own, objects included: azd may build the function app at the same time.
dotnet publish src/Cli --configuration Release --artifacts-path .local/predeploy --output .local/predeploy/tally --nologo --verbosity quiet

export ConnectionStrings__Tally="Host=$DATABASE_HOST;Database=$DATABASE_NAME;Username=$DATABASE_ADMINISTRATOR;SSL Mode=VerifyFull"
export Database__Identity=true
dotnet .local/predeploy/tally/Tally.Cli.dll db migrate
dotnet .local/predeploy/tally/Tally.Cli.dll db bootstrap --identity "$FUNCTIONS_IDENTITY_NAME" --object-id "$FUNCTIONS_IDENTITY_OBJECT_ID"
