# Brings the database to this version: its schema, and the role of the function app. May run again at any time.
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
Set-Location (Join-Path $PSScriptRoot '..')

foreach ($name in 'DATABASE_HOST', 'DATABASE_NAME', 'DATABASE_ADMINISTRATOR', 'FUNCTIONS_IDENTITY_NAME', 'FUNCTIONS_IDENTITY_OBJECT_ID') {
    if (-not [Environment]::GetEnvironmentVariable($name)) { throw "$name is not set. 'azd provision' sets it." }
}

# In folders of its own, objects included: azd may build the function app at the same time.
dotnet publish src/Cli --configuration Release --artifacts-path .local/predeploy --output .local/predeploy/tally --nologo --verbosity quiet

$env:ConnectionStrings__Tally = "Host=$env:DATABASE_HOST;Database=$env:DATABASE_NAME;Username=$env:DATABASE_ADMINISTRATOR;SSL Mode=VerifyFull"
$env:Database__Identity = 'true'
dotnet .local/predeploy/tally/Tally.Cli.dll db migrate
dotnet .local/predeploy/tally/Tally.Cli.dll db bootstrap --identity $env:FUNCTIONS_IDENTITY_NAME --object-id $env:FUNCTIONS_IDENTITY_OBJECT_ID
