using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace Tally.Functions;

/// <summary>
/// Lets a failure say what an operator needs at each try, in one line, and where in the code it happened once: at the first
/// try of its message, and not at all if it says itself what to mend.
/// </summary>
internal sealed class FirstStackOnly : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperatorException failure)
        {
            throw new BriefFailure(failure.Message);
        }
        catch (Exception failure) when (failure is not OperationCanceledException && context.Tries() > 1)
        {
            throw new BriefFailure($"{failure.GetType().Name}: {failure.Message} The first try of this message logged where.");
        }
    }

    private sealed class BriefFailure(string message) : Exception(message)
    {
        public override string? StackTrace => null;

        public override string ToString() => Message;
    }
}
