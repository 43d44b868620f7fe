using Tally.Benchmarks;

// dotnet run -c Release --project tests/Tally.Benchmarks -- NAME [--smoke] [--latency 1ms] [--rounds N]
return await BenchmarkCommand.Create().Parse(args).InvokeAsync();
