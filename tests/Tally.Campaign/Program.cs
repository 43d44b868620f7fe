using Tally.Campaign;

// dotnet run -c Release --project tests/Tally.Campaign -- [reporting|all] [--messages N] [--seed S] [--kills N] ...
return await CampaignCommand.Create().Parse(args).InvokeAsync();
