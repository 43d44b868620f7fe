@echo off
rem The operator's command line: builds it, which is quick when nothing changed, then runs it.
setlocal
where dotnet >nul 2>nul || (echo Error: the .NET SDK is not on the PATH. Install version 10 from https://dotnet.microsoft.com/download.>&2 & exit /b 2)
if not exist "%~dp0.local" mkdir "%~dp0.local"
dotnet build "%~dp0src\Cli" --configuration Release --nologo --verbosity quiet >"%~dp0.local\build.log" 2>&1 || (type "%~dp0.local\build.log">&2 & exit /b 2)
dotnet "%~dp0src\Cli\bin\Release\net10.0\Tally.Cli.dll" %*
