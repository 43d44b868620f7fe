# Brings the database to this version: its schema, and the role of the function app. Both may run again at any time.
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
$env:ConnectionStrings__Tally = "Host=$env:DATABASE_HOST;Database=$env:DATABASE_NAME;Username=$env:DATABASE_ADMINISTRATOR;SSL Mode=VerifyFull"
$env:Database__Identity = 'true'
dotnet run --project src/Cli --configuration Release -- db migrate
dotnet run --project src/Cli --configuration Release -- db bootstrap --identity $env:FUNCTIONS_IDENTITY_NAME --object-id $env:FUNCTIONS_IDENTITY_OBJECT_ID
