#!/usr/bin/env sh
# Brings the database to this version: its schema, and the role of the function app. Both may run again at any time.
set -eu
export ConnectionStrings__Tally="Host=$DATABASE_HOST;Database=$DATABASE_NAME;Username=$DATABASE_ADMINISTRATOR;SSL Mode=VerifyFull"
export Database__Identity=true
dotnet run --project src/Cli --configuration Release -- db migrate
dotnet run --project src/Cli --configuration Release -- db bootstrap --identity "$FUNCTIONS_IDENTITY_NAME" --object-id "$FUNCTIONS_IDENTITY_OBJECT_ID"
