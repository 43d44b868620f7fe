using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')
param size = readEnvironmentVariable('TALLY_SIZE', 'dev')
param privateNetwork = bool(readEnvironmentVariable('TALLY_PRIVATE_NETWORK', 'false'))
param databaseAdministratorName = readEnvironmentVariable('TALLY_DATABASE_ADMINISTRATOR')
param databaseAdministratorObjectId = readEnvironmentVariable('AZURE_PRINCIPAL_ID')
param databaseAdministratorType = readEnvironmentVariable('TALLY_DATABASE_ADMINISTRATOR_TYPE', 'User')
param databaseAdministratorAddress = readEnvironmentVariable('TALLY_DATABASE_ADMINISTRATOR_ADDRESS', '')
param alertEmail = readEnvironmentVariable('TALLY_ALERT_EMAIL', '')
